// SPDX-License-Identifier: Apache-2.0
#include "service/page/form.h"

#include <gtest/gtest.h>

#include "tcb/base/bytes.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

http::Request Form(std::string body, std::string type = "multipart/form-data; boundary=----B") {
  http::Request request;
  request.headers = {{"content-type", std::move(type)}};
  request.body = std::move(body);
  return request;
}

std::string Part(std::string_view head, std::string_view value) {
  return StrCat("------B\r\nContent-Disposition: form-data; ", head, "\r\n\r\n", value, "\r\n");
}
constexpr const char* kEnd = "------B--\r\n";

TEST(FormOfPage, ReadsTextAndFile) {
  const std::string bytes("\x03\0\r\n--\r\n", 8);
  const auto fields = ReadForm(Form(StrCat(
      Part("name=\"text\"", ""),
      Part("name=\"file\"; filename=\"q.bin\"\r\nContent-Type: application/octet-stream", bytes), kEnd)));
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->at("text"), "");
  EXPECT_EQ(fields->at("file"), bytes);
}

TEST(FormOfPage, RefusesWhatIsNone) {
  const std::string good = StrCat(Part("name=\"text\"", "x"), kEnd);
  ASSERT_TRUE(ReadForm(Form(good)));
  EXPECT_FALSE(ReadForm(Form(good, "application/octet-stream")));
  EXPECT_FALSE(ReadForm(Form(good, "multipart/form-data")));
  EXPECT_FALSE(ReadForm(Form(good, "multipart/form-data; boundary=")));
  EXPECT_FALSE(ReadForm(Form(good, "multipart/form-data; boundary=other")));
  EXPECT_FALSE(ReadForm(Form(Part("name=\"text\"", "x"))));                    // no end
  EXPECT_FALSE(ReadForm(Form(StrCat(Part("filename=\"text\"", "x"), kEnd))));  // no name
  EXPECT_FALSE(ReadForm(Form(StrCat(Part("name=\"text", "x"), kEnd))));        // an open quote
  EXPECT_FALSE(ReadForm(Form(StrCat(Part("name=\"a\"", "x"), Part("name=\"a\"", "y"), kEnd))));  // twice
  for (size_t size = 0; size + 4 < good.size(); ++size)
    EXPECT_FALSE(ReadForm(Form(good.substr(0, size)))) << size;
}

// What is pasted is decoded where all evidence is.
TEST(EvidenceOfPage, TakesWhatIsGivenAsItIsAndJsonAsARequest) {
  const Bytes bytes = {3, 0, 2, 0, 0xff};
  const std::string raw(AsText(bytes));
  EXPECT_EQ(EvidenceOf(raw).body, raw);
  EXPECT_EQ(EvidenceOf(" 0300 0200\nFF ").body, " 0300 0200\nFF ");
  EXPECT_EQ(EvidenceOf("AwACAP8=").type, "application/octet-stream");
  EXPECT_EQ(EvidenceOf(" {\"evidence\": \"AA==\"}").type, "application/json");
  EXPECT_EQ(EvidenceOf("not evidence!").body, "not evidence!");
}

}  // namespace
}  // namespace thimble::page
