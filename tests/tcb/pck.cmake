# PCK certificates: the platform's name, its set, and the choice from it.
add_executable(pck_test
  ${CMAKE_CURRENT_LIST_DIR}/intel/pck_platform_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/intel/pck_selection_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/intel/pck_set_test.cpp)
target_link_libraries(pck_test PRIVATE thimble::tcb thimble_sim_worlds nlohmann_json::nlohmann_json
  GTest::gtest_main thimble_warnings)
gtest_discover_tests(pck_test DISCOVERY_MODE PRE_TEST TEST_PREFIX tcb.)
