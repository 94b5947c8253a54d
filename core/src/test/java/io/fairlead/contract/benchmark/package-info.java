/** What benchmarks of platforms are made of: calls and whole processes in turns, beside the bare client. */
@NullMarked
package io.fairlead.contract.benchmark;

import org.jspecify.annotations.NullMarked;
