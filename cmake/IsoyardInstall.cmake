# What is installed beside the programs: manual pages and completions, which the programs make of their own tables.

string(TIMESTAMP manual_date "%Y-%m-%d" UTC) # honours SOURCE_DATE_EPOCH
set(manual_dir "${CMAKE_BINARY_DIR}/generated/man")
set(completion_dir "${CMAKE_BINARY_DIR}/generated/completions")
file(MAKE_DIRECTORY "${manual_dir}" "${completion_dir}")

# isoyard_printed(FILE COMMAND ...): the file is what the command prints.
function(isoyard_printed file)
    add_custom_command(OUTPUT "${file}" COMMAND ${ARGN} > "${file}" DEPENDS isoyard isoyardd VERBATIM)
    set_property(GLOBAL APPEND PROPERTY isoyard_printed "${file}")
endfunction()

isoyard_printed("${manual_dir}/isoyard.1" isoyard manual ${manual_date})
isoyard_printed("${manual_dir}/isoyardd.8" isoyardd --manual=${manual_date})
isoyard_printed("${completion_dir}/isoyard" isoyard completion bash)
isoyard_printed("${completion_dir}/_isoyard" isoyard completion zsh)
isoyard_printed("${completion_dir}/isoyard.fish" isoyard completion fish)

get_property(printed GLOBAL PROPERTY isoyard_printed)
add_custom_target(isoyard_manuals_and_completions ALL DEPENDS ${printed})

install(FILES "${manual_dir}/isoyard.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${manual_dir}/isoyardd.8" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
install(FILES "${completion_dir}/isoyard" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${completion_dir}/_isoyard" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES "${completion_dir}/isoyard.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
