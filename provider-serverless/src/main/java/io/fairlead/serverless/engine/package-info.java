/**
 * What runs models inside this JVM: {@link io.fairlead.serverless.engine.Engine} loads them, {@link
 * io.fairlead.serverless.engine.LeasedModel} answers.
 *
 * <p>A format is one {@link io.fairlead.serverless.engine.InferenceEngine}. To bring one of one's own is a public and
 * stable way to extend this module, made of that interface and what it speaks of: {@link
 * io.fairlead.serverless.engine.ModelSource}, {@link io.fairlead.serverless.engine.LoadOptions}, {@link
 * io.fairlead.serverless.engine.TensorModel}, {@link io.fairlead.serverless.engine.TensorSpec}, {@link
 * io.fairlead.serverless.engine.Datatype}, {@link io.fairlead.serverless.engine.Tensor} and {@link
 * io.fairlead.serverless.engine.Call}.
 *
 * <p>Everything else in this package is internal to this module and may change at any time.
 */
@NullMarked
package io.fairlead.serverless.engine;

import org.jspecify.annotations.NullMarked;
