// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/member.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/contents.h"

namespace thimble::input {
namespace {

Error Wrong(Check check, std::string_view name, std::string_view why) {
  return {ErrorKind::kMalformed, check, StrCat("member \"", name, "\": ", why)};
}

Result<Reading> FromList(const std::vector<json::Value>& elements, std::string_view name, Check check) {
  Reading reading{TextForm::kByteList, {}};
  reading.bytes.reserve(elements.size());
  for (const json::Value& element : elements) {
    const auto byte = element.Unsigned(UINT8_MAX);
    if (!byte) return Wrong(check, name, "is a list, not of bytes (numbers from 0 to 255) alone");
    reading.bytes.push_back(static_cast<uint8_t>(*byte));
  }
  if (reading.bytes.empty()) return Wrong(check, name, "is an empty list");
  return reading;
}

}  // namespace

Result<Reading> ReadMember(const json::Value& value, std::string_view name, Check check, const Fits& fits) {
  if (value.type() == json::Type::kArray) {
    TRY_ASSIGN(const auto elements, value.Array());
    return FromList(elements, name, check);
  }
  const auto text = value.String();
  if (!text) return Wrong(check, name, "is neither text nor a list of bytes");
  auto readings = ReadingsOf(*text);
  if (readings.empty()) return Wrong(check, name, Sentence(ContentsOf(AsBytes(*text))));
  Reading* found = nullptr;
  for (Reading& reading : readings) {
    if (!fits(reading.bytes)) continue;
    if (found != nullptr) {
      return Wrong(check, name,
                   StrCat("is ", TextFormName(found->form), " and ", TextFormName(reading.form),
                          ", and both make sense: hand over the bytes"));
    }
    found = &reading;
  }
  return found != nullptr ? std::move(*found) : std::move(readings.front());
}

}  // namespace thimble::input
