// How pointsd leaves. A failed commit leaves with EXIT_FAILURE, and starting again may help; what is wrong with the
// ledger stays wrong.
#pragma once

enum { EXIT_WRONG_USE = 2, EXIT_NOT_SERVED = 3 };
