// SPDX-License-Identifier: Apache-2.0
//
// The peer that hits are measured against: a bare cpp-httplib handler that sends the same bytes and headers.
//   bare_httplib BODY HEADERS [CERTIFICATE KEY]     HEADERS: a file of "Name: value" lines; prints its port
#include <httplib.h>

#include <cstdio>
#include <fstream>
#include <memory>

namespace {

std::string ReadAll(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

httplib::Headers ReadHeaders(const char* path) {
  httplib::Headers headers;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) headers.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  return headers;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) {
    std::fprintf(stderr, "usage: bare_httplib BODY HEADERS [CERTIFICATE KEY]\n");
    return 2;
  }
  const std::string body = ReadAll(argv[1]);
  const httplib::Headers headers = ReadHeaders(argv[2]);
  std::unique_ptr<httplib::Server> server;
  if (argc == 5) {
    server = std::make_unique<httplib::SSLServer>(argv[3], argv[4]);
  } else {
    server = std::make_unique<httplib::Server>();
  }
  server->new_task_queue = [] { return new httplib::ThreadPool(128); };  // the library owns it
  server->set_keep_alive_max_count(1'000'000'000);
  server->set_keep_alive_timeout(60);
  server->set_tcp_nodelay(true);
  server->Get(".*", [&](const httplib::Request&, httplib::Response& response) {
    response.headers = headers;
    response.set_content(body, "application/json");
  });
  const int port = server->bind_to_any_port("127.0.0.1");
  std::printf("%d\n", port);
  std::fflush(stdout);
  return server->listen_after_bind() ? 0 : 1;
}
