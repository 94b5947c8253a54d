/**
 * A toolbox for authors of providers: clients, deadlines, retries, content names, local models, uploads and pages.
 *
 * <p>It has no vendor-specific code: differences between platforms are arguments. It depends on nothing but Java, the
 * grammar and {@link io.fairlead.error.ServingException}.
 */
@NullMarked
package io.fairlead.provider;

import org.jspecify.annotations.NullMarked;
