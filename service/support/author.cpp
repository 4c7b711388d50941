// SPDX-License-Identifier: Apache-2.0
#include "service/support/author.h"

#include <pwd.h>

#include <array>

#include "tcb/base/text.h"

namespace thimble {

std::string Author::name() const {
  if (!source.empty()) return source;
  std::string who = !label.empty()         ? label
                    : !user.empty()        ? user
                    : uid                  ? StrCat("uid ", *uid)
                    : !certificate.empty() ? StrCat("certificate ", certificate)
                    : !token.empty()       ? StrCat("token ", token)
                                           : "";
  if (!role.empty()) who += StrCat(who.empty() ? "" : " ", "(", role, ")");
  return StrCat(who, who.empty() ? "" : " from ", address);
}

void WriteAuthor(json::Writer& json, const Author& author) {
  json.BeginObject();
  for (const auto& [key, value] : {std::pair("source", &author.source), std::pair("address", &author.address),
                                   std::pair("role", &author.role), std::pair("label", &author.label),
                                   std::pair("certificate_sha256", &author.certificate),
                                   std::pair("token_sha512_begins", &author.token)}) {
    if (!value->empty()) json.Key(key).String(*value);
  }
  if (author.uid) json.Key("uid").Unsigned(*author.uid);
  if (!author.user.empty()) json.Key("user").String(author.user);
  json.EndObject();
}

std::string UserName(uint32_t uid) {
  std::array<char, 4096> space{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr) return {};
  return entry.pw_name;
}

}  // namespace thimble
