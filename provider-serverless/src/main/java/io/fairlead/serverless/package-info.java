/**
 * Models served in this JVM, or in processes that it starts: as endpoints, {@link
 * io.fairlead.serverless.LocalProvider}, and as functions, {@link io.fairlead.serverless.ServerlessProvider}.
 *
 * <p>A model is a file that an engine here runs, or plain Java code, {@link io.fairlead.serverless.ModelHandler}.
 */
@NullMarked
package io.fairlead.serverless;

import org.jspecify.annotations.NullMarked;
