package io.fairlead.platform;

/**
 * What one platform alone tells beside an answer, as a record in that platform's module.
 *
 * <pre>{@code
 * String session = response.find(SageMakerResponse.class).flatMap(SageMakerResponse::newSession)...
 * }</pre>
 */
public interface ResponseDetail {}
