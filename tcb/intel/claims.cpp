// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/claims.h"

namespace thimble::intel {

std::string_view SgxTypeName(SgxType type) {
  switch (type) {
    case SgxType::kStandard:
      return "Standard";
    case SgxType::kScalable:
      return "Scalable";
    case SgxType::kScalableWithIntegrity:
      return "ScalableWithIntegrity";
  }
  return "";
}

}  // namespace thimble::intel
