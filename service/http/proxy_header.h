// SPDX-License-Identifier: Apache-2.0
//
// The PROXY protocol, versions 1 and 2: what a proxy writes in front of a connection, before TLS, to say whose it is
// (HAProxy's proxy-protocol.txt). Reading it never takes a byte of what comes after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thimble::http {

// Why a connection ends before its first request.
enum class ProxyFault : uint8_t {
  kMissing,     // a trusted proxy began with something else
  kMalformed,   // a header that cannot be read
  kTooLong,     // one of more bytes than are taken
  kIncomplete,  // it ended within the header
  kTimeout,     // the header did not come in time
  kNotTrusted,  // a header of someone who is no trusted proxy
};
constexpr size_t kProxyFaults = 6;
std::string_view ProxyFaultName(ProxyFault fault);

// Not thread-safe. Takes bytes as they come, in whatever pieces.
class ProxyHeader {
 public:
  enum class Progress : uint8_t { kMore, kDone, kRefused };

  // Of a header of version 2, after its first 16 bytes. Large ones carry certificates' names, and are below 1 KiB.
  static constexpr size_t kMaxBlock = 4096;
  // As many bytes tell a header from anything else.
  static constexpr size_t kSignature = 12;

  // kMore: at most so many bytes may be looked at next.
  size_t Wants() const;
  // `come` are the next bytes, at most Wants(). How many of them belong to the header: the rest is to stay unread.
  size_t Take(std::string_view come);

  Progress progress() const { return progress_; }
  bool begun() const { return !text_.empty(); }
  ProxyFault fault() const { return fault_; }    // kRefused
  std::string_view why() const { return why_; }  // kRefused
  // kDone: the client's address; empty where the header names none (LOCAL, UNSPEC, UNKNOWN, a Unix socket): the
  // connection then is the proxy's own.
  const std::string& client() const { return client_; }

  // Whether anything that begins so is meant as a header.
  static bool Begins(std::string_view text);

 private:
  size_t Append(std::string_view come, size_t most);
  void Refuse(ProxyFault fault, std::string_view why);
  bool CheckBeginning();
  void TakeLineEnd();
  void CheckFixedPart();
  void ReadLine(std::string_view line);
  void ReadBlock();
  void CheckExtensions(size_t begin);

  std::string text_;  // so far
  size_t size_ = 0;   // of a header of version 2 whose first 16 bytes are here
  Progress progress_ = Progress::kMore;
  ProxyFault fault_ = ProxyFault::kMalformed;
  std::string_view why_;
  std::string client_;
};

}  // namespace thimble::http
