// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/tar.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tcb/base/text.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

constexpr Instant kAt{Seconds(1'780'272'000)};

TEST(Tar, IsUstarToTheByte) {
  TarWriter writer(kAt);
  writer.Add("chain.pem", "text");
  const auto archive = std::move(writer).Finish();
  ASSERT_TRUE(archive.ok());
  EXPECT_EQ(archive->substr(0, 10), std::string_view("chain.pem\0", 10));
  EXPECT_EQ(archive->substr(257, 8), std::string_view("ustar\0"
                                                      "00",
                                                      8))
      << "IEEE Std 1003.1, ustar";
  EXPECT_EQ(archive->substr(512, 5), std::string_view("text\0", 5));
  EXPECT_EQ(archive->size(), 4 * 512u) << "a header, a file, the two blocks of the end";
}

TEST(Tar, IsUnpackedByTar) {
  const std::string binary("\0\xff\n", 3), large(1'000'000, 'x');
  TarWriter writer(kAt);
  writer.Add("empty", "");
  writer.Add("binary", binary);
  writer.Add("large", large);
  const auto archive = std::move(writer).Finish();
  ASSERT_TRUE(archive.ok());
  const test::TempDir files;
  const std::string path = files.Write("all.tar", *archive);
  ASSERT_EQ(std::system(StrCat("tar -xf ", path, " -C ", files.path()).c_str()), 0);
  const auto read = [&](std::string_view name) {
    std::ifstream in(files / name, std::ios::binary);
    return in ? std::string(std::istreambuf_iterator<char>(in), {}) : "not there";
  };
  EXPECT_EQ(read("empty"), "");
  EXPECT_EQ(read("binary"), binary);
  EXPECT_EQ(read("large"), large);
}

TEST(Tar, SaysWhichFileItCannotHold) {
  TarWriter writer(kAt);
  writer.Add("good", "text");
  writer.Add(std::string(300, 'n'), "a name longer than ustar has room for");
  const auto archive = std::move(writer).Finish();
  ASSERT_FALSE(archive.ok());
  EXPECT_EQ(archive.error().kind, ErrorKind::kInternal);
  EXPECT_NE(archive.error().message.find(std::string(300, 'n')), std::string::npos)
      << archive.error().message;
}

}  // namespace
}  // namespace thimble
