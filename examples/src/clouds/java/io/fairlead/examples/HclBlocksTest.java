package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.bertramlabs.plugins.hcl4j.HCLParser;
import com.bertramlabs.plugins.hcl4j.HCLParserException;
import io.fairlead.examples.Pages.Block;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateModelRequest;

/** Every block of HCL in every page parses, and its arguments are those of AWS's own requests. */
class HclBlocksTest {
  /** The request by which Terraform's provider creates each, as its documentation says. */
  private static final Map<String, SdkPojo> REQUESTS = Map.of(
      "aws_sagemaker_model", CreateModelRequest.builder().build(),
      "aws_sagemaker_endpoint_configuration",
          CreateEndpointConfigRequest.builder().build(),
      "aws_sagemaker_endpoint", CreateEndpointRequest.builder().build());

  /** What is Terraform's own: the name of the request's resource, and how it replaces it. */
  private static final Set<String> ITS_OWN = Set.of("name", "name_prefix", "lifecycle");

  static List<Block> blocks() {
    return Pages.blocks().stream()
        .filter(block -> block.language().equals("hcl"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void hasTheArgumentsOfTheRequests(Block block) throws HCLParserException, IOException {
    Map<?, ?> resources = (Map<?, ?>) new HCLParser().parse(block.text(), false).get("resource");

    assertThat(resources).isNotEmpty();
    resources.forEach((type, named) -> {
      assertThat(REQUESTS).containsKey((String) type);
      ((Map<?, ?>) named).values().forEach(one -> matches((Map<?, ?>) one, REQUESTS.get(type)));
    });
  }

  private static void matches(Map<?, ?> arguments, SdkPojo request) {
    arguments.forEach((name, value) -> {
      if (ITS_OWN.contains(name)) {
        return;
      }
      SdkField<?> field = field(request, (String) name)
          .orElseThrow(
              () -> new AssertionError(request.getClass().getSimpleName() + " has no " + name));
      List<?> values = value instanceof List<?> several ? several : List.of(value);
      for (Object each : values) {
        if (each instanceof Map<?, ?> block && element(field).isPresent()) {
          matches(block, element(field).orElseThrow());
        }
      }
    });
  }

  private static Optional<SdkField<?>> field(SdkPojo of, String name) {
    String member = Pattern.compile("(?:^|_)(.)")
        .matcher(name)
        .replaceAll(part -> part.group(1).toUpperCase(Locale.ROOT));
    return of.sdkFields().stream()
        .filter(one -> one.memberName().equals(member))
        .findFirst();
  }

  private static Optional<SdkPojo> element(SdkField<?> field) {
    SdkField<?> of = field
        .getOptionalTrait(ListTrait.class)
        .<SdkField<?>>map(ListTrait::memberFieldInfo)
        .orElse(field);
    return Optional.ofNullable(of.constructor()).map(Supplier::get);
  }
}
