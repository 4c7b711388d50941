# Intel's PCCS: PCK certificates and platforms.
add_executable(pccs_test
  ${CMAKE_CURRENT_LIST_DIR}/admin_dialect_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/custom_parameter_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/doctor_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/pccs_answers_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/pck_dialect_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/pck_lookup_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/refusals_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/platforms_dialect_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/registration_json_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sim_bundle.cpp
  ${CMAKE_CURRENT_LIST_DIR}/thim_dialect_test.cpp)
target_link_libraries(pccs_test PRIVATE thimble_service_testing GTest::gtest_main thimble_warnings)
gtest_discover_tests(pccs_test DISCOVERY_MODE PRE_TEST)

# Dialogues as text, against the real binary.
add_executable(transcripts_test
  ${CMAKE_CURRENT_LIST_DIR}/sim_bundle.cpp
  ${CMAKE_CURRENT_LIST_DIR}/transcript.cpp
  ${CMAKE_CURRENT_LIST_DIR}/transcripts_test.cpp)
target_compile_definitions(transcripts_test PRIVATE THIMBLE_TRANSCRIPTS="${CMAKE_CURRENT_LIST_DIR}/http")
target_link_libraries(transcripts_test PRIVATE thimble_service_testing GTest::gtest_main thimble_warnings)
gtest_discover_tests(transcripts_test DISCOVERY_MODE PRE_TEST)
