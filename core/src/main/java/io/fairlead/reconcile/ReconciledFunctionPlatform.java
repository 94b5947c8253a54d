package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import io.fairlead.reconcile.ReconcileRequest.Content;
import io.fairlead.reconcile.ReconcileRequest.Preparation;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A function platform that is assembled from a provider's mapper, kinds of resources, invoker and URLs.
 *
 * <p>Every operation becomes a reconcile request here, once for all platforms.
 */
public final class ReconciledFunctionPlatform extends ReconciledPlatform<ModelFunction>
    implements FunctionPlatform {
  private final FunctionMapper mapper;
  private final Function<? super ModelFunction, URI> urls;

  /**
   * Creates a platform.
   *
   * @param reconciler the reconciler; closed with the platform
   * @param mapper the mapper from functions to resources
   * @param invoker invokes functions; requests are never pinned to a variant
   * @param urls the URL at which a function answers over HTTP; a {@link io.fairlead.error.ServingException} of kind
   *     {@code NOT_FOUND} if it is not deployed
   * @param onClose closes the provider's clients, called once, after the reconciler has stopped
   */
  public ReconciledFunctionPlatform(
      Reconciler reconciler,
      FunctionMapper mapper,
      Invoker<ModelFunction> invoker,
      Function<? super ModelFunction, URI> urls,
      Runnable onClose) {
    super(reconciler, mapper.options(), invoker, onClose);
    this.mapper = mapper;
    this.urls = requireNonNull(urls, "urls");
  }

  private ReconciledFunctionPlatform(ReconciledFunctionPlatform real, Preview preview) {
    super(real, preview);
    this.mapper = real.mapper;
    this.urls = real.urls;
  }

  @Override
  public Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits) {
    ModelFunction function = new ModelFunction(artifact, limits);
    Mapping mapping = mapping(function);
    return run(request("deploy", function, preparing -> {
      List<String> warnings = new ArrayList<>(mapping.warnings());
      warnings.addAll(mapper.warnings(withOwnOptions(function)));
      return Content.of(mapping.resources(), warnings, function);
    }));
  }

  @Override
  public Operation<ModelFunction> undeploy(ModelFunction function) {
    List<Resource<?>> value = mapping(function).resources();
    String name = function.name();
    return run(request(
        "undeploy",
        function,
        preparing -> Content.of(
            removal(preparing.inventory().ofVariant(name, name), value), List.of(), function)));
  }

  private Mapping mapping(ModelFunction function) {
    checkOptions(function.artifact());
    return mapper.function(withOwnOptions(function));
  }

  private ModelFunction withOwnOptions(ModelFunction function) {
    return new ModelFunction(ownOptionsOnly(function.artifact()), function.limits());
  }

  private static ReconcileRequest<ModelFunction> request(
      String verb, ModelFunction function, Preparation<ModelFunction> content) {
    return ReconcileRequest.of(verb, function.name(), function.name(), content);
  }

  @Override
  void check(Request request) {
    super.check(request);
    request
        .variant()
        .ifPresent(variant -> Problems.in("Request")
            .check(false, "variant", "must not be given: a function has no variants", variant)
            .throwIfAny());
  }

  @Override
  public URI url(ModelFunction function) {
    checkOpen("ask for the URL of " + function.name());
    return reconciler.reading(() -> urls.apply(function));
  }

  @Override
  public Plan preview(
      Duration limit, Function<? super FunctionPlatform, ? extends Operation<?>> change) {
    return plan(limit, preview -> change.apply(new ReconciledFunctionPlatform(this, preview)));
  }

  @Override
  public List<Deployment> list(Duration limit) {
    return reading(
        "the list of functions",
        limit,
        (actual, look) -> roots(look)
            .map(entry -> new Deployment(
                entry.ref().name(),
                Optional.empty(),
                state(entry.status()),
                TrafficWeight.ALL,
                entry.detail()))
            .sorted(Comparator.comparing(Deployment::name))
            .toList());
  }

  @Override
  public Optional<Deployment> status(ModelFunction function, Duration limit) {
    return describe(function.name(), limit).map(Description::deployment);
  }

  @Override
  public Optional<Description<ModelFunction>> describe(String name, Duration limit) {
    String checked = checkedName(name);
    return reading("the description of " + checked, limit, (actual, look) -> {
      Found<ModelFunction> found = mapper.read(checked, actual);
      return isOurs(found.variant())
          ? Optional.of(new Description<>(
              new Deployment(
                  checked,
                  Optional.empty(),
                  state(found.variant().status()),
                  TrafficWeight.ALL,
                  found.variant().detail()),
              found.value(),
              found.location()))
          : Optional.empty();
    });
  }

  @Override
  public String toString() {
    return "FunctionPlatform[" + id() + "]";
  }
}
