// SPDX-License-Identifier: Apache-2.0
//
// A server that sends exactly the bytes it is told to, well formed or not, on a free port of 127.0.0.1; with
// TLS under a self-signed certificate on request.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace thimble::test {

// What is done with one request once its head has been read.
struct RawAnswer {
  std::string bytes;
  bool endless = false;                      // repeat `bytes` until the client leaves
  std::chrono::milliseconds wait_before{0};  // or until the server stops
  bool keep_open = false;                    // expect another request on the same connection
};

class RawServer {
 public:
  enum class Transport { kPlain, kTls };
  using Handler = std::function<RawAnswer(const std::string& request_head)>;

  explicit RawServer(Handler handler, Transport transport = Transport::kPlain);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string Url(const std::string& path = "/") const;  // of 127.0.0.1
  uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  int requests() const { return requests_; }
  const std::string& certificate_pem() const;  // TLS only

 private:
  struct Tls;
  class Connection;
  void Accept();
  void Serve(int socket);

  Handler handler_;
  std::unique_ptr<Tls> tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0}, requests_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK", the headers given, a Content-Length that fits, and the body.
std::string HttpOk(const std::string& body, const std::string& headers = "");

}  // namespace thimble::test
