/** Functions over HTTP: the Open Inference Protocol, and the container contracts of SageMaker and Vertex. */
@NullMarked
package io.fairlead.serverless.internal.http;

import org.jspecify.annotations.NullMarked;
