// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/memo.h"

namespace thimble::intel {

Memo::Memo(size_t capacity) : chains_(capacity), qe_reports_(capacity) {}

std::shared_ptr<const PckChain> Memo::FindChain(std::string_view certification_data) {
  const auto found = chains_.Find(certification_data);
  return found ? *found : nullptr;
}

void Memo::AddChain(std::string_view certification_data, std::shared_ptr<const PckChain> chain) {
  chains_.Add(certification_data, std::move(chain));
}

bool Memo::KnowsQeReport(const QeReportKey& key) { return qe_reports_.Find(AsText(key)).has_value(); }

void Memo::AddQeReport(const QeReportKey& key) { qe_reports_.Add(AsText(key), {}); }

}  // namespace thimble::intel
