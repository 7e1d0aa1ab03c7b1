# Writes CMake's own kind of version file: cmake -DVERSION=... -DFILE=... -P version_file.cmake
# The ABI is stable for as long as the major version stays.
include(CMakePackageConfigHelpers)
write_basic_package_version_file("${FILE}" VERSION "${VERSION}" COMPATIBILITY SameMajorVersion)
