/* The descriptor set of the protos, as the build wrote it. */
    .section .rodata
    .global isoyard_descriptor_set
    .global isoyard_descriptor_set_end
    .hidden isoyard_descriptor_set
    .hidden isoyard_descriptor_set_end
    .balign 8
isoyard_descriptor_set:
    .incbin ISOYARD_DESCRIPTORS
isoyard_descriptor_set_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
