/**
 * The contracts that every platform passes, as abstract tests, and what they are made with: a clock that nobody waits
 * for, and faults at any call.
 *
 * <p>Published as the jar of classifier {@code contract}: the author of a provider extends the contract of the
 * platform's type.
 */
@NullMarked
package io.fairlead.contract;

import org.jspecify.annotations.NullMarked;
