package io.fairlead.platform;

/**
 * A detail of a response that only one platform has; a record in that platform's module.
 *
 * <pre>{@code
 * String session = response.find(SageMakerResponse.class).flatMap(SageMakerResponse::newSession)...
 * }</pre>
 */
public interface ResponseDetail {}
