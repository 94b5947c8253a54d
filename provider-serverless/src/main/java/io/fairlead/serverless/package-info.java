/**
 * Models as functions, in this JVM or in processes that it starts: {@link io.fairlead.serverless.ServerlessProvider}.
 *
 * <p>A model is a file that an engine here runs, or plain Java code, {@link io.fairlead.engine.ModelHandler}.
 */
@NullMarked
package io.fairlead.serverless;

import org.jspecify.annotations.NullMarked;
