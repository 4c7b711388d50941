// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace thimble::test {

std::string ThimbleBinary();  // the path of the real binary, for what RunThimble() cannot arrange

}  // namespace thimble::test
