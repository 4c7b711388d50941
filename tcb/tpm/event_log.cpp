// SPDX-License-Identifier: Apache-2.0
#include "tcb/tpm/event_log.h"

#include <algorithm>

#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::tpm {
namespace {

constexpr uint32_t kNoAction = 3, kEndOfLog = 0xffffffff;
constexpr size_t kNameSize = 16, kOldDigest = 20, kBanksOffset = 24, kMaxBanks = 8, kMaxEvents = 65536;

Error Malformed(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kTpmEventLogFormat, StrCat("event log: ", what)};
}

bool BeginsWith(ByteView data, std::string_view name) {
  return data.size() >= kNameSize && AsText(data.first(name.size())) == name;
}
constexpr std::string_view kSpecIdName{"Spec ID Event03\0", kNameSize};
constexpr std::string_view kStartupLocalityName{"StartupLocality\0", kNameSize};

// u32 count, then u16 algorithm and u16 digest size of each.
Result<std::map<uint16_t, size_t>> ReadBanks(ByteView data) {
  if (data.size() < kBanksOffset) return Malformed("its first event is cut short");
  ByteReader reader(data.subspan(kBanksOffset));
  const auto count = reader.U32();
  if (!count || *count == 0 || *count > kMaxBanks) return Malformed("it names no banks, or more than 8");
  std::map<uint16_t, size_t> banks;
  for (uint32_t i = 0; i < *count; ++i) {
    const auto bank = reader.U16(), size = reader.U16();
    if (!bank || !size) return Malformed("its first event is cut short");
    const auto known = std::ranges::find(kPcrBanks, *bank, &PcrBank::id);
    if (known != kPcrBanks.end() && known->digest_size != *size)
      return Malformed(StrCat("digests of ", PcrBankName(*bank), " are of ", *size, " bytes in it"));
    if (*size == 0 || *size > 64 || !banks.emplace(*bank, *size).second)
      return Malformed("it names a bank twice, or digests of a size that none has");
  }
  return banks;
}

// The form of the first record always, and of all where the log is of SHA-1.
Result<Event> ReadOldEvent(ByteReader& reader) {
  Event event;
  const auto pcr = reader.U32(), type = reader.U32();
  const auto digest = reader.Take(kOldDigest);
  const auto size = reader.U32();
  const auto data = size ? reader.Take(*size) : std::nullopt;
  if (!pcr || !type || !digest || !data) return Malformed("cut short");
  event.pcr = *pcr;
  event.type = *type;
  event.digests[kSha1] = Bytes(digest->begin(), digest->end());
  event.data = *data;
  return event;
}

Result<Event> ReadEvent(ByteReader& reader, const std::map<uint16_t, size_t>& banks) {
  Event event;
  const auto pcr = reader.U32(), type = reader.U32(), count = reader.U32();
  if (!pcr || !type || !count) return Malformed("cut short");
  if (*count != banks.size())
    return Malformed(StrCat("an event with ", *count, " digests, the log has ", banks.size(), " banks"));
  for (uint32_t i = 0; i < *count; ++i) {
    const auto bank = reader.U16();
    if (!bank || !banks.contains(*bank))
      return Malformed("a digest of a bank that its first event does not name");
    const auto digest = reader.Take(banks.at(*bank));
    if (!digest) return Malformed("cut short");
    if (!event.digests.emplace(*bank, Bytes(digest->begin(), digest->end())).second)
      return Malformed("an event with two digests of one bank");
  }
  const auto size = reader.U32();
  const auto data = size ? reader.Take(*size) : std::nullopt;
  if (!data) return Malformed("cut short");
  event.pcr = *pcr;
  event.type = *type;
  event.data = *data;
  return event;
}

// Logs come from memory that is larger than they are. Sought once: asked before each event, it would cost the square of a
// log's size.
size_t LengthWithoutPadding(ByteView log) {
  size_t length = log.size();
  while (length > 0 && log[length - 1] == 0) --length;
  return length;
}

bool AtEnd(const ByteReader& reader, ByteView log, size_t length) {
  if (log.size() - reader.remaining() >= length) return true;
  ByteReader next(log.last(reader.remaining()));
  return next.U32() == kEndOfLog;
}

HashAlgorithm HashOf(uint16_t bank) {
  return bank == kSha256   ? HashAlgorithm::kSha256
         : bank == kSha384 ? HashAlgorithm::kSha384
                           : HashAlgorithm::kSha512;
}

// PCR 0 begins with the locality that the machine was started from; 17 to 22 with ones unless they were reset.
Bytes StartOf(const EventLog& log, uint32_t pcr, size_t size) {
  Bytes value(size, pcr >= 17 && pcr <= 22 ? uint8_t{0xff} : uint8_t{0});
  if (pcr != 0) return value;
  for (const Event& event : log.events) {
    if (event.type == kNoAction && event.pcr == 0 && event.data.size() > kNameSize &&
        BeginsWith(event.data, kStartupLocalityName))
      value.back() = event.data[kNameSize];
  }
  return value;
}

}  // namespace

Result<EventLog> ParseEventLog(ByteView log) {
  if (log.size() > kMaxEventLog) return Malformed(StrCat(log.size(), " bytes, at most ", kMaxEventLog));
  ByteReader reader(log);
  TRY_ASSIGN(const Event first, ReadOldEvent(reader));
  EventLog out;
  std::optional<std::map<uint16_t, size_t>> banks;
  if (first.type == kNoAction && BeginsWith(first.data, kSpecIdName)) {
    TRY_ASSIGN(banks, ReadBanks(first.data));
    for (const auto& [bank, size] : *banks) out.banks.insert(bank);
  } else {
    out.banks.insert(kSha1);
    out.events.push_back(first);
  }
  const size_t length = LengthWithoutPadding(log);
  while (!AtEnd(reader, log, length)) {
    if (out.events.size() == kMaxEvents) return Malformed("more than 65536 events");
    TRY_ASSIGN(Event event, banks ? ReadEvent(reader, *banks) : ReadOldEvent(reader));
    if (event.pcr >= kPcrCount) return Malformed(StrCat("an event of PCR ", event.pcr));
    out.events.push_back(std::move(event));
  }
  return out;
}

PcrValues Replay(const EventLog& log) {
  PcrValues values;
  for (const PcrBank& bank : kPcrBanks) {
    if (bank.id == kSha1 || !log.banks.contains(bank.id)) continue;
    auto& pcrs = values[bank.id];
    for (uint8_t number = 0; number < kFirmwarePcrs; ++number)
      pcrs[number] = StartOf(log, number, bank.digest_size);
    for (const Event& event : log.events) {
      if (event.type == kNoAction) continue;
      const auto number = static_cast<uint8_t>(event.pcr);
      Bytes value = pcrs.contains(number) ? pcrs.at(number) : StartOf(log, event.pcr, bank.digest_size);
      const Bytes& digest = event.digests.at(bank.id);
      value.insert(value.end(), digest.begin(), digest.end());
      pcrs[number] = DigestOf(HashOf(bank.id), value);
    }
  }
  return values;
}

}  // namespace thimble::tpm
