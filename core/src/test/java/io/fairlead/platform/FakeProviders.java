package io.fairlead.platform;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Providers as they are on good and on bad days. */
final class FakeProviders {
  private FakeProviders() {}

  /** A platform that can only say what it was opened with. */
  static class FakePlatform implements FunctionPlatform {
    final PlatformConfig config;

    FakePlatform(PlatformConfig config) {
      this.config = config;
    }

    @Override
    public String id() {
      return "fake";
    }

    @Override
    public Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits) {
      throw new UnsupportedOperationException();
    }

    @Override
    public URI url(ModelFunction function) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Response invoke(ModelFunction served, Request request) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Operation<ModelFunction> undeploy(ModelFunction served) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Operation<List<ManagedResource>> undeployAll(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Deployment> status(ModelFunction served, Duration limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Description<ModelFunction>> describe(String name, Duration limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Deployment> list(Duration limit) {
      return List.of();
    }

    @Override
    public List<ManagedResource> inventory(Duration limit) {
      return List.of();
    }

    @Override
    public Operation<List<ManagedResource>> sweep(Duration minimumAge) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Plan preview(
        Duration limit, Function<? super FunctionPlatform, ? extends Operation<?>> change) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  /** What the others differ from in one point. */
  public abstract static class Base implements PlatformProvider<FunctionPlatform> {
    @Override
    public String id() {
      return "fake";
    }

    @Override
    public Class<FunctionPlatform> type() {
      return FunctionPlatform.class;
    }

    @Override
    public FunctionPlatform open(PlatformConfig config) {
      config.text("region");
      config.integer("instances");
      config.done();
      return new FakePlatform(config);
    }
  }

  /** The only superclass of {@link Orphan}, which a test takes away. */
  public abstract static class VendorBase extends Base {}

  public static final class Good extends Base {
    public Good() {}
  }

  public static final class Twin extends Base {
    public Twin() {}
  }

  public static final class Another extends Base {
    public Another() {}

    @Override
    public String id() {
      return "another";
    }
  }

  public static final class Orphan extends VendorBase {
    public Orphan() {}
  }

  public static final class Endpoints implements PlatformProvider<EndpointPlatform> {
    public Endpoints() {}

    @Override
    public String id() {
      return "endpoints";
    }

    @Override
    public Class<EndpointPlatform> type() {
      return EndpointPlatform.class;
    }

    @Override
    public EndpointPlatform open(PlatformConfig config) {
      throw new UnsupportedOperationException();
    }
  }

  public static final class WithoutSdk extends Base {
    public WithoutSdk() {}

    @Override
    public FunctionPlatform open(PlatformConfig config) {
      throw new NoClassDefFoundError("com/vendor/Client");
    }
  }

  public static final class Refusing extends Base {
    public Refusing() {}

    @Override
    public FunctionPlatform open(PlatformConfig config) {
      throw new ServingException("fake", ErrorKind.UNAUTHORIZED, "No credentials.");
    }
  }

  public static final class ThrowingConstructor extends Base {
    public ThrowingConstructor() {
      throw new IllegalStateException("no luck");
    }
  }

  public static final class WithoutId extends Base {
    public WithoutId() {}

    @Override
    public String id() {
      return null;
    }
  }

  public static final class WithoutType extends Base {
    public WithoutType() {}

    @Override
    public Class<FunctionPlatform> type() {
      throw new NoClassDefFoundError("com/vendor/Platform");
    }
  }

  public static final class NotAProvider {
    public NotAProvider() {}
  }
}
