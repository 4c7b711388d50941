# Up to so many sources of a target are compiled as one: what headers instantiate is most of what compiling costs. Sources
# whose internal names meet stay apart (unity_groups.py). A change compiles all of its group.
#   thimble_compile_together(TARGET SIZE HEADER_FOLDER...)
function(thimble_compile_together target size)
  get_target_property(directory ${target} SOURCE_DIR)
  get_target_property(names ${target} SOURCES)
  list(FILTER names INCLUDE REGEX "[.]cpp$")
  set(sources)
  foreach(name ${names})
    cmake_path(ABSOLUTE_PATH name BASE_DIRECTORY ${directory})
    list(APPEND sources ${name})
  endforeach()
  execute_process(COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/unity_groups.py ${size} ${ARGN} -- ${sources}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    OUTPUT_VARIABLE groups COMMAND_ERROR_IS_FATAL ANY)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A group is no header, so the unnamed namespaces of its sources are met once.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  string(REGEX MATCHALL "[^\n]+" groups "${groups}")
  foreach(line ${groups})
    string(REGEX MATCH "^([0-9]+) (.*)$" line "${line}")
    if(CMAKE_MATCH_1 GREATER 0)
      set_source_files_properties(${CMAKE_MATCH_2} DIRECTORY ${directory} PROPERTIES UNITY_GROUP ${CMAKE_MATCH_1})
    endif()
  endforeach()
endfunction()

# With CMAKE_UNITY_BUILD, the same for every target of a folder of the product: for a first build. Needs python3.
function(thimble_unity_groups folder)
  get_property(targets DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    thimble_compile_together(${target} 12 tcb cache fetchers service tests/support)
  endforeach()
endfunction()
