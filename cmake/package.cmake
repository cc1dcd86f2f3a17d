# The Debian package, made by script/package: the program, its systemd unit, a configuration to begin with, the documents.
# A component of its own, so that `cmake --install` is none of its business.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # packing builds what is packed, not the tests

install(TARGETS flashbid DESTINATION usr/bin COMPONENT package EXCLUDE_FROM_ALL)
install(FILES deploy/systemd/flashbid.service DESTINATION usr/lib/systemd/system COMPONENT package EXCLUDE_FROM_ALL)
install(FILES deploy/debian/flashbid.toml DESTINATION etc/flashbid COMPONENT package EXCLUDE_FROM_ALL)
install(FILES deploy/debian/copyright DESTINATION usr/share/doc/flashbid COMPONENT package EXCLUDE_FROM_ALL)
install(DIRECTORY docs/ DESTINATION usr/share/doc/flashbid COMPONENT package EXCLUDE_FROM_ALL
  FILES_MATCHING PATTERN "*.md"
  PATTERN api EXCLUDE PATTERN decisions EXCLUDE PATTERN images EXCLUDE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME flashbid)
set(CPACK_PACKAGE_CONTACT "FlashBid's maintainers <maintainers@flashbid.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "real-time auction engine")
set(CPACK_PACKAGE_DESCRIPTION "English auctions over HTTP, WebSocket and server-sent events, in one program.
Every bid is durable before it is answered: in a file of this machine, or in Redis, from several nodes.
History moves on to PostgreSQL, RabbitMQ, Kafka and webhooks.")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL package)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(maintainer "${CMAKE_SOURCE_DIR}/deploy/debian")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${maintainer}/conffiles" "${maintainer}/postinst" "${maintainer}/prerm" "${maintainer}/postrm")
include(CPack)
