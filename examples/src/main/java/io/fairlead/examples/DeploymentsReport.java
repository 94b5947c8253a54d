package io.fairlead.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.config.ConfigProblem;
import io.fairlead.error.ServingException;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Progress;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Location;
import io.fairlead.platform.ManagedResource;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** The report of a command: lines for people, or a JSON object on each line, the last of which is the result. */
final class DeploymentsReport {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final Terminal out;
  private final Terminal err;
  private final boolean json;
  private final long begin = System.nanoTime();
  private final ObjectNode result = MAPPER.createObjectNode();

  DeploymentsReport(String command, Terminal out, Terminal err, boolean json) {
    this.out = out;
    this.err = err;
    this.json = json;
    result.put("event", "result").put("command", command);
  }

  /** Notes what the command is about. */
  void about(String field, String value) {
    result.put(field, value);
  }

  /** Prints a sentence for people. */
  void say(String sentence) {
    if (!json) {
      out.line(sentence);
    }
  }

  /** Prints a sentence on what is done, for people. */
  void well(String sentence) {
    say("  " + out.tick() + " " + sentence);
  }

  private void write(ObjectNode line) {
    try {
      out.line(MAPPER.writeValueAsString(line));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ObjectNode event(String name) {
    return MAPPER.createObjectNode().put("event", name);
  }

  /** {@return a listener that reports the progress of an operation} */
  Consumer<Progress> progress(String operation) {
    if (!json) {
      return out.progressBar(operation);
    }
    return progress -> write(event("progress")
        .put("operation", operation)
        .put("step", progress.step())
        .put("steps", progress.steps())
        .put("resource", progress.resource())
        .put("message", progress.message())
        .put("seconds", seconds(progress.elapsed())));
  }

  void plan(Plan plan) {
    if (!json) {
      plan.toString().lines().forEach(line -> out.line("  " + line));
      return;
    }
    ObjectNode line = event("plan");
    ArrayNode changes = line.putArray("changes");
    plan.changes().forEach(change -> {
      ObjectNode each = changes
          .addObject()
          .put("resource", change.resource())
          .put("action", change.action().name());
      change.details().forEach(each.putArray("details")::add);
    });
    plan.warnings().forEach(line.putArray("warnings")::add);
    write(line);
  }

  void deployment(Deployment deployment) {
    write(deployment, result.putObject("deployment"));
    if (deployment.state() == Deployment.State.READY) {
      well(deployment.toString());
    } else {
      say("  " + out.cross() + " " + deployment);
    }
  }

  void location(Location location) {
    ObjectNode place = result.putObject("location").put("id", location.id());
    say("    " + location.id());
    location.url().ifPresent(url -> {
      place.put("url", url.toString());
      say("    " + url);
    });
    location.console().ifPresent(url -> {
      place.put("console", url.toString());
      say("    " + url);
    });
  }

  void deployments(List<Deployment> deployments) {
    ArrayNode all = result.putArray("deployments");
    deployments.forEach(deployment -> {
      write(deployment, all.addObject());
      say("  " + deployment);
    });
  }

  private static void write(Deployment deployment, ObjectNode node) {
    node.put("name", deployment.name());
    deployment.variant().ifPresent(variant -> node.put("variant", variant));
    node.put("state", deployment.state().name())
        .put("weight", deployment.weight().percent())
        .put("detail", deployment.detail());
  }

  /** Reports resources, such as those that were deleted. */
  void resources(String field, List<ManagedResource> resources) {
    ArrayNode all = result.putArray(field);
    resources.forEach(resource -> {
      all.addObject().put("kind", resource.kind()).put("name", resource.name());
      say("  " + field + " " + resource);
    });
  }

  /** Reports where a deployment of this process answers. */
  void serving(URI url) {
    if (json) {
      write(event("serving").put("url", url.toString()));
    }
  }

  void mistakes(List<ConfigProblem> mistakes) {
    ArrayNode all = result.putArray("mistakes");
    mistakes.forEach(mistake -> all.addObject()
        .put("property", mistake.property())
        .put("rule", mistake.rule())
        .put("value", mistake.value())
        .put("place", mistake.origin()));
    if (!json) {
      mistakes.forEach(mistake -> err.line(mistake.toString()));
    }
  }

  void failed(String kind, String message) {
    result.putObject("error").put("kind", kind).put("message", message);
    if (!json) {
      err.line(message);
    }
  }

  void failed(ServingException failure) {
    failed(failure.kind().name(), String.valueOf(failure.getMessage()));
  }

  /** Reports that it was stopped. */
  void stopped(String sentence) {
    result.put("stopped", sentence);
    if (!json) {
      err.line(sentence);
    }
  }

  /** Ends the report. */
  void end(int exit) {
    if (json) {
      write(result
          .put("ok", exit == 0)
          .put("exit", exit)
          .put("seconds", seconds(Duration.ofNanos(System.nanoTime() - begin))));
    } else {
      out.end();
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
