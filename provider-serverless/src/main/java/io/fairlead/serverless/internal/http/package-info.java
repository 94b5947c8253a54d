/** Functions over HTTP: the Open Inference Protocol, and what SageMaker and Vertex ask of a container. */
@NullMarked
package io.fairlead.serverless.internal.http;

import org.jspecify.annotations.NullMarked;
