# Operations: history, transfers, metrics, the log.
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
add_executable(ops_test
  ${CMAKE_CURRENT_LIST_DIR}/history_api_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/metrics_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/pccs_database_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sim_bundle.cpp
  ${CMAKE_CURRENT_LIST_DIR}/stale_answers_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/transfer_test.cpp)
target_link_libraries(ops_test PRIVATE thimble_service_testing PkgConfig::sqlite GTest::gtest_main thimble_warnings)
gtest_discover_tests(ops_test DISCOVERY_MODE PRE_TEST)
