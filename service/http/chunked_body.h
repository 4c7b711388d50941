// SPDX-License-Identifier: Apache-2.0
//
// A body in chunks (RFC 9112 section 7.1), to the letter of its grammar, however it is cut into pieces on its way.
// Extensions and trailers are checked and forgotten.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thimble::http {

class ChunkedBody {
 public:
  enum class Progress : uint8_t { kMore, kDone, kTooLong, kBad };

  explicit ChunkedBody(size_t max_body) : max_body_(max_body) {}

  // Takes what it understands from the front of `input` and appends the content to `body`. kMore: it needs more
  // input, and has taken all but the beginning of a line. kDone: what is left in `input` is the next request's.
  Progress Take(std::string& input, std::string& body);

 private:
  enum class Part : uint8_t { kSize, kContent, kContentEnd, kTrailers };

  Progress TakePart(std::string_view& rest, std::string& body);
  Progress TakeSize(std::string_view& rest, size_t so_far);
  void TakeContent(std::string_view& rest, std::string& body);
  Progress TakeContentEnd(std::string_view& rest);
  Progress TakeTrailer(std::string_view& rest);

  size_t max_body_;
  Part part_ = Part::kSize;
  uint64_t missing_ = 0;  // kContent: of the chunk
  size_t forgotten_ = 0;  // bytes of extensions and trailers
};

}  // namespace thimble::http
