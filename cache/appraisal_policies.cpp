// SPDX-License-Identifier: Apache-2.0
#include "cache/appraisal_policies.h"

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// One letter in front of the text.
constexpr char kDefault = 'D', kOther = 'N';

std::string Prefix(const intel::Fmspc& fmspc) { return StrCat("policy/", fmspc.hex(), "/"); }

}  // namespace

Result<Digest384> AppraisalPolicies::Put(const intel::Fmspc& fmspc, std::string_view text, bool is_default) {
  const Digest384 id = Sha384(AsBytes(text));
  const std::lock_guard lock(writing_);
  std::vector<Store::Write> batch;
  if (is_default) {
    TRY(store_->Scan(Prefix(fmspc), [&](std::string_view name, std::string_view value) {
      if (value.starts_with(kDefault)) {
        batch.push_back({std::string(name), StrCat(kOther, value.substr(1))});
      }
      return true;
    }));
  }
  batch.push_back({StrCat(Prefix(fmspc), id.hex()), StrCat(is_default ? kDefault : kOther, text)});
  TRY(store_->Apply(batch));
  return id;
}

Result<std::vector<std::string>> AppraisalPolicies::Defaults(const intel::Fmspc& fmspc) {
  std::vector<std::string> texts;
  TRY(store_->Scan(Prefix(fmspc), [&](std::string_view, std::string_view value) {
    if (value.starts_with(kDefault)) texts.emplace_back(value.substr(1));
    return true;
  }));
  return texts;
}

}  // namespace thimble
