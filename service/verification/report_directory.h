// SPDX-License-Identifier: Apache-2.0
//
// The SNP reports that lie in a directory, for `thimble impact --reports DIR`: what each says of its platform's TCB.
// Nobody checks a signature here: a report is taken at its word.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/base/result.h"
#include "tcb/tcb_record.h"

namespace thimble {

struct ReportFile {
  std::string name;  // in the directory
  // One; or, of a report of version 2, which does not name its CPU, one for each product that it may be of.
  std::vector<TcbRecord> tcbs;
};
struct OtherFile {
  std::string name, reason;
};
struct ReportDirectory {
  std::vector<ReportFile> reports;  // both in the order of their names
  std::vector<OtherFile> others;    // that are no SNP report
};

// Raw and extended reports and HCL reports around one, in the text forms that `verify` takes, too. `product`: of reports
// that do not name their CPU. request.invalid: the directory cannot be read.
Result<ReportDirectory> ReadReportDirectory(const std::string& path,
                                            const std::optional<amd::Product>& product);

}  // namespace thimble
