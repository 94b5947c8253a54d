package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * The public name of an endpoint, and its variant.
 *
 * <p>Several variants share a public name, such as blue and green; traffic weights divide the requests to the name
 * among them.
 *
 * @param name the public name, 1 to 63 letters, digits and hyphens, with a letter or digit at both ends
 * @param variant the name of the variant, under the same rule
 * @param options options of single platforms
 */
public record Routing(String name, String variant, Options<RoutingOptions> options) {
  public Routing {
    requireNonNull(name, "name");
    requireNonNull(variant, "variant");
    requireNonNull(options, "options");
    Problems problems = Problems.in("Routing")
        .check(Names.isName(name), "name", Names.RULE, name)
        .check(Names.isName(variant), "variant", Names.RULE, variant);
    options.check(RoutingOptions.class, problems);
    problems.throwIfAny();
  }

  public Routing(String name, String variant) {
    this(name, variant, Options.none());
  }

  public Routing with(RoutingOptions option) {
    return new Routing(name, variant, options.with(option));
  }

  /** {@return name and variant as one, {@code name/variant}} */
  public String path() {
    return name + "/" + variant;
  }

  @Override
  public String toString() {
    return Words.of(path()).addAll(options).in("Routing");
  }
}
