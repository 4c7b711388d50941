// SPDX-License-Identifier: Apache-2.0
//
// What requests with evidence say beside it, in JSON or as parameters: the same words for /v1/verify and /v1/collateral.
// Errors are request.invalid and name the field.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/http/query.h"
#include "service/http/types.h"
#include "service/support/author.h"
#include "service/verification/verification.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/input/evidence.h"

namespace thimble {

Error BadRequestError(std::string message);

// Who is behind a request that a route let in by this role.
Author AuthorOf(const http::Request& request, Role role = Role::kAdmin);

// A member that may be absent. Error: it is no text.
Result<std::optional<std::string>> OptionalText(const json::Value& object, std::string_view name);
// A parameter that may be absent.
std::optional<std::string> OptionalText(const http::Query& query, std::string_view name);

// The member "evidence", in any form of tcb/input/evidence.h. evidence.format: it is no evidence.
Result<input::Evidence> EvidenceMember(const json::Value& object);
// Evidence in a container of somebody else's, where a request would be.
bool IsContainer(const json::Value& object);
// request.invalid: such a container with what a request of ours asks for. It goes beside the member "evidence" alone: left
// out here in silence, it would be taken for judged.
Status RefuseOptionsIn(const json::Value& container);

// Each sets the field of the request; what is absent changes nothing, but for the baseline, which is then "default".
Status SetAt(const std::optional<std::string>& text, VerificationRequest& request);
Status SetProduct(const std::optional<std::string>& text, VerificationRequest& request);
Status SetBaseline(const std::optional<std::string>& name, const BaselineBook& baselines,
                   VerificationRequest& request);

// What a confidential container has beside its report, all optional: "uvm_endorsement" and "security_policy" in base64,
// "thim" as an object or as its text.
Status ReadContainerMembers(const json::Value& object, VerificationRequest& request);

// The members "intel", "amd" and "uvm" of a candidate; what is absent changes nothing.
Status ReadCandidateMembers(const json::Value& object, const FloorBook& floors, Baseline& out);

}  // namespace thimble
