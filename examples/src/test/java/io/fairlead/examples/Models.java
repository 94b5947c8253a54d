package io.fairlead.examples;

import io.fairlead.engine.ChatModelHandler;
import io.fairlead.engine.ModelHandler;
import io.fairlead.language.ChatRequest;
import io.fairlead.language.ChatResponse;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Models that fail; public, because the engine creates them. */
public final class Models {
  private Models() {}

  static String location(Class<? extends ModelHandler> model) {
    return "java:" + model.getName();
  }

  /** Does not start. */
  public static final class Stillborn implements ModelHandler {
    public Stillborn() {
      throw new IllegalStateException("the weights are for another model");
    }

    @Override
    public Response handle(Request request) {
      throw new AssertionError();
    }
  }

  /** Chats. */
  public static final class Chatty implements ChatModelHandler {
    public Chatty() {}

    @Override
    public ChatResponse chat(ChatRequest question, Consumer<? super String> pieces) {
      boolean hasTexts = question.prompt().orElseThrow().contains("Breakfast is from seven");
      pieces.accept("I have read ");
      return ChatResponse.of("I have read " + (hasTexts ? "what was found." : "nothing."));
    }
  }

  /** Starts, and fails. */
  public static final class Failing implements ModelHandler {
    public Failing() {}

    @Override
    public Response handle(Request request) {
      throw new IllegalStateException("the second layer is not a number");
    }
  }

  /** Answers 250 times, until all traffic is on green, and then fails. */
  public static final class Tiring implements ModelHandler {
    private final AtomicInteger answers = new AtomicInteger();

    public Tiring() {}

    @Override
    public Response handle(Request request) {
      if (answers.incrementAndGet() > 250) {
        throw new IllegalStateException("it has answered enough");
      }
      return Response.json("1");
    }
  }

  /** Takes its time. */
  public static final class Slow implements ModelHandler {
    public Slow() {}

    @Override
    public Response handle(Request request) throws InterruptedException {
      TimeUnit.MILLISECONDS.sleep(20);
      return Response.json("1");
    }
  }
}
