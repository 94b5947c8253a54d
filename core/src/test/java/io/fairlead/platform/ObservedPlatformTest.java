package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ObservedPlatformTest {
  private static final ModelFunction IRIS = new ModelFunction(
      ModelArtifact.of(URI.create("java:acme.Iris")).named("iris"), FunctionLimits.DEFAULT);

  private static final Endpoint BLUE = new Endpoint(
      new Container(IRIS.artifact(), RuntimeSpec.NONE, Dependencies.NONE),
      Scaling.fixed(1),
      new Routing("ask", "blue"));

  private final AtomicLong now = new AtomicLong();
  private final List<PlatformListener.Call> calls = new ArrayList<>();
  private final List<PlatformListener.Ended> ends = new ArrayList<>();
  private final PlatformListener listener = call -> {
    calls.add(call);
    return new PlatformListener.Running() {
      @Override
      public void ended(PlatformListener.Ended end) {
        ends.add(end);
      }
    };
  };

  @Test
  void anInvocationIsToldWithItsVariantAndTime() {
    FunctionPlatform platform = observed(() -> {
      now.addAndGet(Duration.ofMillis(7).toNanos());
      return Response.of(new byte[0], "text/plain").servedBy("blue");
    });

    platform.invoke(IRIS, Request.json("[1]"));

    assertThat(calls)
        .containsExactly(
            new PlatformListener.Call("mine", "invoke", "iris", Optional.empty(), false));
    assertThat(ends)
        .containsExactly(new PlatformListener.Ended(
            Optional.of("blue"), Optional.empty(), Duration.ofMillis(7)));
    assertThat(ends.get(0).outcome()).isEqualTo("success");
  }

  @Test
  void aFailureIsToldAndReachesTheCallerUnchanged() {
    ServingException failure =
        new ServingException("stub", ErrorKind.THROTTLED, "Too many.").withVariant("green");
    FunctionPlatform platform = observed(() -> {
      throw failure;
    });

    assertThatThrownBy(() -> platform.invoke(IRIS, Request.json("[1]"))).isSameAs(failure);
    assertThatThrownBy(() -> platform.undeploy(IRIS)).isSameAs(failure);

    assertThat(calls).extracting(PlatformListener.Call::verb).containsExactly("invoke", "undeploy");
    assertThat(ends)
        .extracting(PlatformListener.Ended::outcome)
        .containsExactly("throttled", "throttled");
    assertThat(ends.get(0).variant()).contains("green");
  }

  @Test
  void aCallIsToldWhenItBeginsAndReturnsAndEnds() {
    List<String> order = new ArrayList<>();
    FunctionPlatform platform = (FunctionPlatform) ObservedPlatform.of(
        stub(() -> {
          order.add("called");
          return Response.of(new byte[0], "text/plain").servedBy("blue");
        }),
        "mine",
        following(order),
        now::get);

    platform.invoke(IRIS, Request.json("[1]"));

    assertThat(order)
        .containsExactly(
            "Call[platform=mine, verb=invoke, name=iris, variant=Optional.empty, streaming=false]",
            "called",
            "returned",
            "ended by blue: success");
  }

  @Test
  void anOperationGoesOnAfterItHasReturned() {
    List<String> order = new ArrayList<>();
    CompletableFuture<Object> work = new CompletableFuture<>();
    EndpointPlatform platform = (EndpointPlatform) ObservedPlatform.of(
        stub(EndpointPlatform.class, () -> operation(work)), "mine", following(order), now::get);

    platform.undeploy(BLUE);
    order.add("waiting");
    work.completeExceptionally(new ServingException("stub", ErrorKind.QUOTA, "No room."));

    assertThat(order)
        .containsExactly(
            "Call[platform=mine, verb=undeploy, name=ask, variant=Optional[blue], streaming=false]",
            "returned",
            "waiting",
            "ended by blue: quota");
  }

  @Test
  void aCallIsAboutTheNameAndVariantOfItsArguments() {
    EndpointPlatform platform = (EndpointPlatform) ObservedPlatform.of(
        stub(EndpointPlatform.class, () -> operation(CompletableFuture.completedFuture(List.of()))),
        "mine",
        listener,
        now::get);
    Endpoint green = new Endpoint(BLUE.container(), BLUE.scaling(), new Routing("ask", "green"));

    platform.packageModel(IRIS.artifact(), RuntimeSpec.NONE, Dependencies.NONE);
    platform.deploy(BLUE.container(), BLUE.scaling(), BLUE.routing());
    platform.route(BLUE.at(90), green.at(10), TrafficWeight.percent(10));
    platform.undeployAll("ask");
    platform.sweep(Duration.ZERO);

    assertThat(calls)
        .extracting(
            call -> call.verb() + " " + call.name() + " " + call.variant().orElse("-"))
        .containsExactly(
            "package iris -",
            "deploy ask blue",
            "route ask green",
            "undeployAll ask -",
            "sweep  -");
  }

  private static PlatformListener following(List<String> order) {
    return new PlatformListener() {
      @Override
      public Running started(Call call) {
        order.add(call.toString());
        return new Running() {
          @Override
          public void returned() {
            order.add("returned");
          }

          @Override
          public void ended(PlatformListener.Ended end) {
            order.add("ended by " + end.variant().orElse("nobody") + ": " + end.outcome());
          }
        };
      }
    };
  }

  private static Operation<?> operation(CompletableFuture<Object> work) {
    return (Operation<?>) Proxy.newProxyInstance(
        Operation.class.getClassLoader(),
        new Class<?>[] {Operation.class},
        (proxy, method, arguments) -> work);
  }

  @Test
  void whatAListenerThrowsLosesNoAnswer() {
    PlatformListener.Running full = new PlatformListener.Running() {
      @Override
      public void returned() {
        throw new IllegalStateException("the scope is closed");
      }

      @Override
      public void ended(PlatformListener.Ended end) {
        throw new IllegalStateException("the registry is full");
      }
    };
    for (PlatformListener bad : List.<PlatformListener>of(call -> full, call -> {
      throw new IllegalStateException("there is no registry");
    })) {
      FunctionPlatform platform = Platforms.observed(
          stub(() -> Response.of(new byte[] {1}, "text/plain")),
          "mine",
          bad,
          FunctionPlatform.class);

      assertThat(platform.invoke(IRIS, Request.json("[1]")).body()).containsExactly(1);
    }
  }

  @Test
  void whatIsNoInvocationAndNoOperationIsNotTold() {
    FunctionPlatform platform = observed(List::of);

    assertThat(platform.list(Duration.ofSeconds(1))).isEmpty();
    assertThat(platform.equals(observed(List::of))).isFalse();
    assertThat(calls).isEmpty();
  }

  private FunctionPlatform observed(Supplier<Object> answer) {
    return (FunctionPlatform) ObservedPlatform.of(stub(answer), "mine", listener, now::get);
  }

  private static FunctionPlatform stub(Supplier<Object> answer) {
    return stub(FunctionPlatform.class, answer);
  }

  private static <P extends Platform<?>> P stub(Class<P> type, Supplier<Object> answer) {
    return type.cast(Proxy.newProxyInstance(
        type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> answer.get()));
  }
}
