/** The program that serves models over HTTP, by itself and as a container of SageMaker and Vertex AI. */
@NullMarked
package io.fairlead.serverless.internal.server;

import org.jspecify.annotations.NullMarked;
