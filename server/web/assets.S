/* The dashboard's files, as the build wrote them. */
    .section .rodata
    .hidden isoyard_web_page
    .hidden isoyard_web_page_end
    .hidden isoyard_web_script
    .hidden isoyard_web_script_end
    .hidden isoyard_web_style
    .hidden isoyard_web_style_end
    .global isoyard_web_page
    .global isoyard_web_page_end
    .global isoyard_web_script
    .global isoyard_web_script_end
    .global isoyard_web_style
    .global isoyard_web_style_end
isoyard_web_page:
    .incbin ISOYARD_WEB_PAGE
isoyard_web_page_end:
    .byte 0
isoyard_web_script:
    .incbin ISOYARD_WEB_SCRIPT
isoyard_web_script_end:
    .byte 0
isoyard_web_style:
    .incbin ISOYARD_WEB_STYLE
isoyard_web_style_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
