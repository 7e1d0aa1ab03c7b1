# kmsak::kmsak is the shared library, kmsak::kmsak_static the static one.
get_filename_component(_kmsak_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET kmsak::kmsak)
  add_library(kmsak::kmsak SHARED IMPORTED)
  set_target_properties(
    kmsak::kmsak PROPERTIES IMPORTED_LOCATION "${_kmsak_prefix}/lib/libkmsak.so" INTERFACE_INCLUDE_DIRECTORIES
                                                                                "${_kmsak_prefix}/include")
endif()

if(NOT TARGET kmsak::kmsak_static)
  add_library(kmsak::kmsak_static STATIC IMPORTED)
  set_target_properties(
    kmsak::kmsak_static
    PROPERTIES IMPORTED_LOCATION "${_kmsak_prefix}/lib/libkmsak.a"
               INTERFACE_INCLUDE_DIRECTORIES "${_kmsak_prefix}/include"
               INTERFACE_LINK_LIBRARIES "gcc_s;m;pthread;dl")
endif()

unset(_kmsak_prefix)
