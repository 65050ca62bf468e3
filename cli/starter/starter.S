/* The files that isoyard init writes, as they are. */
    .section .rodata
    .global starter_worker, starter_worker_end, starter_types, starter_types_end
starter_worker:
    .incbin ISOYARD_STARTER_WORKER
starter_worker_end:
starter_types:
    .incbin ISOYARD_STARTER_TYPES
starter_types_end:
    .section .note.GNU-stack,"",%progbits
