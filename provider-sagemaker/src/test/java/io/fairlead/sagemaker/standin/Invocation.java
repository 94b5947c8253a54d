package io.fairlead.sagemaker.standin;

import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;

/**
 * A request that reached a container.
 *
 * @param component the inference component; empty if it was a variant
 * @param headers those that begin with X-Amzn-SageMaker-, without that, and Content-Type and Accept
 */
public record Invocation(
    String endpoint,
    String variant,
    String component,
    String model,
    Map<String, String> headers,
    SdkBytes body) {}
