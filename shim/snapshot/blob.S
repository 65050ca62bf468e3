/* The startup snapshot and its SHA-256, as the snapshot tool wrote them at build. */
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
    .section .note.GNU-stack,"",%progbits
