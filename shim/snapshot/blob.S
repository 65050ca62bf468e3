/* The startup snapshot and its SHA-256, as the snapshot tool wrote them at build, and the source they were made from. */
    .section .rodata
    .balign 16
    .global isoyard_snapshot
    .global isoyard_snapshot_end
    .global isoyard_snapshot_sha256
isoyard_snapshot:
    .incbin ISOYARD_SNAPSHOT_FILE
isoyard_snapshot_end:
    .balign 16
isoyard_snapshot_sha256:
    .incbin ISOYARD_SNAPSHOT_SHA256_FILE
    .global isoyard_prelude
    .global isoyard_prelude_end
isoyard_prelude:
    .incbin ISOYARD_PRELUDE_FILE
isoyard_prelude_end:
    .section .note.GNU-stack,"",%progbits
