// SPDX-License-Identifier: Apache-2.0
//
// outside ROOT.pem QUOTE: what the installed library says of a quote by itself, under one more anchor.
#include <fstream>
#include <iostream>
#include <iterator>

#include "tcb/check.h"
#include "tcb/intel/verify.h"

thimble::Bytes Read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto anchors = thimble::TrustAnchors::Pinned();
  if (!anchors.AddExtra(Read(argv[1])).ok()) return 2;
  const thimble::Bytes quote = Read(argv[2]);
  const auto run =
      thimble::intel::QuoteVerification::Begin(quote, {}, anchors, thimble::Instant{}, nullptr, nullptr);
  if (!run.ok()) return std::cout << run.error().message << '\n', 4;
  const auto* hard = run->verdict().hard();
  std::cout << (hard != nullptr ? thimble::CheckName(hard->check) : "the evidence holds by itself") << '\n';
  return hard != nullptr ? 1 : 0;
}
