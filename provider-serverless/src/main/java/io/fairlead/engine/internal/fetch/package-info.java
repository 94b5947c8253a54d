/** What fetchers of models have in common: HTTP with rate limits, resumed downloads, and many files as one. */
@NullMarked
package io.fairlead.engine.internal.fetch;

import org.jspecify.annotations.NullMarked;
