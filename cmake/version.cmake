# cmake -D RELEASE=0.1.0 -D SOURCE=DIR -D HEADER=FILE -P version.cmake: writes the version into a header, if it changed.
#
# A tag "v0.1.0" is the release itself, commits after it are "0.1.0+12.g1a2b3c4"; without a tag, RELEASE and the commit.
# What "git archive" made says which commit it was in cmake/archive.txt; any other folder without .git is RELEASE.
cmake_policy(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/IsoyardVersion.cmake")
isoyard_find_version("${SOURCE}" "${RELEASE}" version)
file(CONFIGURE OUTPUT "${HEADER}" CONTENT "#define ISOYARD_VERSION \"${version}\"\n")
