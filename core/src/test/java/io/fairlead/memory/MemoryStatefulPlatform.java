package io.fairlead.memory;

import io.fairlead.contract.Probe;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.Location;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.platform.StatefulPlatform;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stateful platform in this JVM, small and honest: it shows that the contract can be kept, and how.
 *
 * <p>Each state of a container has a memory of its own. So what belongs to a state that was replaced cannot be found any
 * longer, whenever it comes.
 */
final class MemoryStatefulPlatform implements StatefulPlatform {
  static final String ID = "memory-stateful";

  /** What an entry takes beyond its answer and its request. */
  private static final long ENTRY_BYTES = 144;

  private final Map<URI, Probe> models;
  private final ExecutorService threads = MemoryThreads.named(ID);
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Memory> containers = new TreeMap<>();
  private final Map<Object, CompletableFuture<Response>> underWay = new HashMap<>();
  private boolean closed;

  MemoryStatefulPlatform(Map<URI, Probe> models) {
    this.models = Map.copyOf(models);
  }

  /** A container in one state, and what it remembers in it. */
  private final class Memory {
    final StatefulContainer container;
    final StatePolicy policy;
    final Instant createdAt;
    private final Probe model;
    private final Map<Request, Response> answers = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Request, CompletableFuture<Response>> asked = new LinkedHashMap<>();
    private long bytes;

    Memory(StatefulContainer container, StatePolicy policy, Instant createdAt) {
      this.container = container;
      this.policy = policy;
      this.createdAt = createdAt;
      this.model = model(container.artifact());
    }

    Memory in(StatefulContainer next) {
      return new Memory(next, policy, createdAt);
    }

    /** {@return what is remembered, or the call that is under way, or a new one} */
    CompletableFuture<Response> find(Request request) {
      if (policy.caching().cacheBytes() == 0) {
        return ask(request);
      }
      Request key = request.withTimeout(Duration.ofSeconds(1));
      Response remembered = answers.get(key);
      if (remembered != null) {
        return CompletableFuture.completedFuture(remembered);
      }
      CompletableFuture<Response> before = asked.get(key);
      if (before != null) {
        return before;
      }
      CompletableFuture<Response> call = ask(request);
      asked.put(key, call);
      CompletableFuture<Response> kept = call.whenComplete((answer, failure) -> locked(() -> {
        asked.remove(key);
        if (answer != null) {
          keep(key, answer);
        }
        return null;
      }));
      asked.replace(key, kept);
      return kept;
    }

    private void keep(Request key, Response answer) {
      long size = size(key, answer);
      if (size > policy.caching().cacheBytes() || answers.containsKey(key)) {
        return;
      }
      answers.put(key, answer);
      bytes += size;
      Iterator<Map.Entry<Request, Response>> oldest = answers.entrySet().iterator();
      while (bytes > policy.caching().cacheBytes()) {
        Map.Entry<Request, Response> entry = oldest.next();
        bytes -= size(entry.getKey(), entry.getValue());
        oldest.remove();
      }
    }

    private static long size(Request key, Response answer) {
      return key.body().length + answer.body().length + ENTRY_BYTES;
    }

    /** A call belongs to nobody: it goes on when its first caller has gone, for others may wait for it. */
    CompletableFuture<Response> ask(Request request) {
      CompletableFuture<Response> call = new CompletableFuture<>();
      Object place = new Object();
      underWay.put(place, call);
      threads.execute(() -> {
        try {
          call.complete(model.answer(request));
        } catch (InterruptedException e) {
          call.completeExceptionally(closedBefore("ask " + container.name()));
        } catch (RuntimeException e) {
          call.completeExceptionally(new ServingException(
              ID,
              ErrorKind.MODEL_FAILED,
              "container " + container.name() + " failed: " + e.getMessage(),
              e));
        } finally {
          locked(() -> underWay.remove(place));
        }
      });
      return call;
    }
  }

  // ---- asking ----

  @Override
  public Response invoke(StatefulContainer container, Request request) {
    checkOptions("Request", request.options().forPlatform(ID));
    return await(container, request, locked(() -> requireThere(container).ask(request)));
  }

  @Override
  public Response cacheForward(StatefulContainer container, Request request) {
    checkOptions("Request", request.options().forPlatform(ID));
    return await(container, request, locked(() -> requireThere(container).find(request)));
  }

  private static Response await(
      StatefulContainer container, Request request, CompletableFuture<Response> call) {
    try {
      return call.get(request.timeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw (ServingException) e.getCause();
    } catch (TimeoutException e) {
      throw new ServingException(
          ID,
          ErrorKind.TIMEOUT,
          "container " + container.name() + " did not answer within " + request.timeout()
              + ": allow it more time",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(ID, ErrorKind.CANCELLED, "The thread was interrupted", e);
    }
  }

  // ---- deploying ----

  @Override
  public Operation<StatefulContainer> deploy(ModelArtifact artifact, StatePolicy policy) {
    StatefulContainer fresh = new StatefulContainer(artifact, ModelState.COLD, RuntimeSpec.NONE);
    checkOptions("ModelMetadata", artifact.metadata().options().forPlatform(ID));
    checkOpen("deploy " + fresh.name());
    return MemoryOperation.of(
        ID,
        "deploy " + fresh.name(),
        () -> locked(() -> {
          Memory there = containers.get(fresh.name());
          if (there != null && !there.container.artifact().equals(artifact)) {
            throw failure(
                ErrorKind.CONFLICT,
                "container " + fresh.name()
                    + " has another model: undeploy it first, or take another name");
          }
          if (there == null || !there.policy.equals(policy)) {
            containers.put(
                fresh.name(),
                there == null
                    ? new Memory(fresh, policy, Instant.now())
                    : new Memory(there.container, policy, there.createdAt));
          }
          return containers.get(fresh.name()).container;
        }));
  }

  @Override
  public Operation<StatefulContainer> attach(Served served, StatePolicy policy) {
    throw new IllegalArgumentException(
        "platform '" + ID + "' wraps no other that could serve " + served.name());
  }

  @Override
  public Operation<StatefulContainer> updateState(StatefulContainer container, ModelState state) {
    long next = container.state().epoch() + 1;
    Problems.in("ModelState")
        .check(
            state.epoch() == next,
            "cache.epoch",
            "must be the container's plus one, " + next,
            state.epoch())
        .throwIfAny();
    checkOptions("ModelMetadata", container.artifact().metadata().options().forPlatform(ID));
    checkOpen("update " + container.name());
    return MemoryOperation.of(
        ID,
        "update " + container.name(),
        () -> locked(() -> {
          Memory there = requireThere(container);
          if (there.container.state().epoch() != container.state().epoch()) {
            throw ServingException.builder(
                    ID,
                    ErrorKind.CONFLICT,
                    "container " + container.name() + " is in state "
                        + there.container.state().epoch() + ", not "
                        + container.state().epoch() + ": look at what it has now, and decide again")
                .retryable(false)
                .build();
          }
          Memory updated = there.in(container.withState(state));
          containers.put(container.name(), updated);
          return updated.container;
        }));
  }

  @Override
  public Operation<StatefulContainer> undeploy(StatefulContainer container) {
    checkOpen("undeploy " + container.name());
    return MemoryOperation.of(
        ID,
        "undeploy " + container.name(),
        () -> locked(() -> {
          containers.remove(container.name());
          return container;
        }));
  }

  @Override
  public Operation<List<ManagedResource>> undeployAll(String name) {
    checkName(name);
    checkOpen("undeploy " + name);
    return MemoryOperation.of(
        ID,
        "undeploy " + name,
        () -> locked(() -> {
          Memory there = containers.remove(name);
          return there == null ? List.of() : List.of(managed(there));
        }));
  }

  // ---- looking ----

  @Override
  public String id() {
    return ID;
  }

  @Override
  public List<Deployment> list(Duration limit) {
    checkLimit(limit);
    return locked(() -> containers.keySet().stream()
        .map(name ->
            new Deployment(name, Optional.empty(), Deployment.State.READY, TrafficWeight.ALL, ""))
        .toList());
  }

  @Override
  public Optional<Deployment> status(StatefulContainer container, Duration limit) {
    checkLimit(limit);
    return list().stream()
        .filter(there -> there.name().equals(container.name()))
        .findFirst();
  }

  @Override
  public Optional<Description<StatefulContainer>> describe(String name, Duration limit) {
    checkLimit(limit);
    checkName(name);
    checkOpen("describe " + name);
    return Optional.ofNullable(locked(() -> containers.get(name)))
        .map(there -> new Description<>(
            new Deployment(name, Optional.empty(), Deployment.State.READY, TrafficWeight.ALL, ""),
            Optional.of(there.container),
            Location.of(ID + "/" + name)));
  }

  @Override
  public List<ManagedResource> inventory(Duration limit) {
    checkLimit(limit);
    checkOpen("list what is there");
    return locked(
        () -> containers.values().stream().map(MemoryStatefulPlatform::managed).toList());
  }

  private static ManagedResource managed(Memory memory) {
    String name = memory.container.name();
    return new ManagedResource("container", name, Optional.of(name), memory.createdAt, false);
  }

  /** A container uses nothing that could be left alone. */
  @Override
  public Operation<List<ManagedResource>> sweep(Duration minimumAge) {
    checkOpen("sweep");
    return MemoryOperation.of(ID, "sweep", List::of);
  }

  @Override
  public void close() {
    List<CompletableFuture<Response>> open = locked(() -> {
      closed = true;
      containers.clear();
      return List.copyOf(underWay.values());
    });
    open.forEach(call -> call.completeExceptionally(closedBefore("ask it")));
    threads.shutdownNow();
    MemoryThreads.awaitEnd(threads);
  }

  @Override
  public String toString() {
    return "StatefulPlatform[" + ID + "]";
  }

  private Memory requireThere(StatefulContainer container) {
    checkOpen("ask " + container.name());
    Memory memory = containers.get(container.name());
    if (memory == null) {
      throw failure(
          ErrorKind.NOT_FOUND,
          "container " + container.name() + " is not deployed: deploy it first");
    }
    return memory;
  }

  private Probe model(ModelArtifact artifact) {
    Probe model = models.get(artifact.weights());
    if (model == null) {
      throw failure(ErrorKind.INVALID, "there is no model at " + artifact);
    }
    return model;
  }

  private static void checkOptions(String subject, List<?> unknown) {
    Problems problems = Problems.in(subject);
    unknown.forEach(option -> problems.check(
        false,
        "options",
        "must be of a type that platform '" + ID + "' knows",
        option.getClass().getSimpleName()));
    problems.throwIfAny();
  }

  private static void checkName(String name) {
    Routing unused = new Routing(name, "any");
  }

  private static void checkLimit(Duration limit) {
    Problems.in("limit")
        .check(limit.compareTo(Duration.ZERO) > 0, "limit", "must be more than 0", limit)
        .throwIfAny();
  }

  private void checkOpen(String action) {
    if (locked(() -> closed)) {
      throw closedBefore(action);
    }
  }

  private static ServingException closedBefore(String action) {
    return failure(
        ErrorKind.CANCELLED, "Platform '" + ID + "' is closed: open it again to " + action + ".");
  }

  private <T> @Nullable T locked(Supplier<@Nullable T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(ID, kind, message);
  }
}
