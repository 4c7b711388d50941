# What `cmake --install` and CPack bring: the component `service`, and `core`, which tcb/ says. `cpack -G DEB` in a build
# directory makes thimble_*.deb and libthimble-tcb-dev_*.deb.
include(GNUInstallDirs)
set(share ${CMAKE_INSTALL_DATADIR}/thimble)
set(doc ${CMAKE_INSTALL_DOCDIR})

install(TARGETS thimble COMPONENT service)
install(FILES deploy/baselines/amd-floors.json DESTINATION ${share} COMPONENT service)
install(FILES deploy/prometheus/rules.yml DESTINATION ${share}/prometheus COMPONENT service)
install(FILES deploy/grafana/thimble.json DESTINATION ${share}/grafana COMPONENT service)
file(GLOB documents docs/*.md docs/openapi.yaml docs/result.schema.json)
install(FILES ${documents} README.md SECURITY.md CHANGELOG.md DESTINATION ${doc} COMPONENT service)
install(DIRECTORY docs/spec DESTINATION ${doc} COMPONENT service)
install(FILES deploy/debian/copyright DESTINATION ${doc} COMPONENT service)
install(FILES deploy/debian/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libthimble-tcb-dev COMPONENT core)
install(FILES tests/package/outside/appraise.cpp
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libthimble-tcb-dev/examples COMPONENT core)

# The units. Configuration is in /etc whatever the prefix is: `thimble init --service` puts it there, too.
set(THIMBLE_BINDIR ${CMAKE_INSTALL_FULL_BINDIR})
file(READ deploy/systemd/sandbox.conf THIMBLE_SANDBOX)
foreach(unit thimble.service thimble-refresh.service)
  configure_file(deploy/systemd/${unit} deploy/${unit} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/deploy/${unit} DESTINATION lib/systemd/system COMPONENT service)
endforeach()
install(FILES deploy/systemd/thimble-refresh.timer DESTINATION lib/systemd/system COMPONENT service)
install(FILES deploy/systemd/thimble.sysusers DESTINATION lib/sysusers.d RENAME thimble.conf COMPONENT service)
install(FILES deploy/systemd/thimble.tmpfiles DESTINATION lib/tmpfiles.d RENAME thimble.conf COMPONENT service)
install(FILES deploy/thimble.cron DESTINATION ${doc}/examples COMPONENT service)

# The configuration at its defaults, but for the store's place.
file(READ deploy/thimble.toml installed_config)
string(REPLACE "data = \"thimble-data\"     " "data = \"/var/lib/thimble\" " installed_config "${installed_config}")
if(NOT installed_config MATCHES "data = \"/var/lib/thimble\"")
  message(FATAL_ERROR "deploy/thimble.toml: cache.data is not where it was")
endif()
file(CONFIGURE OUTPUT deploy/thimble.toml CONTENT "${installed_config}" @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/deploy/thimble.toml DESTINATION /etc/thimble COMPONENT service)

# What is read out of the binary: its manual, out of what its --help says, and what it is made of.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  set(from_binary "
    set(here \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/man_page.py $<TARGET_FILE:thimble>
      \"\${here}/${CMAKE_INSTALL_MANDIR}/man1\" COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/sbom.py ${PROJECT_BINARY_DIR}
      $<TARGET_FILE:thimble> \"\${here}/${doc}/sbom.cdx.json\" COMMAND_ERROR_IS_FATAL ANY)")
  install(CODE "${from_binary}" COMPONENT service)
endif()

# What shells complete command lines by.
install(CODE "
  set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
  file(MAKE_DIRECTORY \"\${share}/bash-completion/completions\" \"\${share}/zsh/vendor-completions\")
  execute_process(COMMAND $<TARGET_FILE:thimble> completion bash
    OUTPUT_FILE \"\${share}/bash-completion/completions/thimble\" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND $<TARGET_FILE:thimble> completion zsh
    OUTPUT_FILE \"\${share}/zsh/vendor-completions/_thimble\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT service)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME thimble)
set(CPACK_PACKAGE_VENDOR Thimble)
set(CPACK_PACKAGE_CONTACT "The Thimble authors <thimble@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})  # /usr by the presets: the units name it
set(CPACK_COMPONENTS_ALL service core)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVICE_PACKAGE_NAME thimble)
set(CPACK_DEBIAN_SERVICE_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVICE_PACKAGE_DEPENDS "passwd, ca-certificates")
set(CPACK_DEBIAN_SERVICE_PACKAGE_RECOMMENDS "procps")  # kill, for `systemctl reload`
set(CPACK_DEBIAN_SERVICE_DESCRIPTION "collateral and verification for confidential computing
Keeps and serves the collateral of Intel SGX and TDX and of AMD SEV-SNP, and
judges evidence by it. Answers as Intel's PCS and PCCS, AMD's KDS and Azure's
THIM do: clients change their URL alone.")
set(CPACK_DEBIAN_SERVICE_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/deploy/debian/postinst ${PROJECT_SOURCE_DIR}/deploy/debian/prerm
  ${PROJECT_SOURCE_DIR}/deploy/debian/postrm ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles)

set(CPACK_DEBIAN_CORE_PACKAGE_NAME libthimble-tcb-dev)
set(CPACK_DEBIAN_CORE_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_CORE_PACKAGE_DEPENDS "libssl-dev (>= 3.0), libsimdjson-dev")
set(CPACK_DEBIAN_CORE_DESCRIPTION "verifier of SGX, TDX and SEV-SNP evidence, as a library
The core of Thimble: bytes, collateral, anchors and a time in, a verdict that
names every check out. Without input or output, clock and log.")
include(CPack)
