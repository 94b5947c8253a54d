package io.fairlead.spring;

import io.fairlead.grammar.Served;

/**
 * An endpoint or a function of an application's configuration.
 *
 * @param name its public name, which is the name of its bean
 * @param platform the name of the bean of the platform that serves it
 * @param type {@code Endpoint} or {@code ModelFunction}
 * @param value its value
 * @param deployAtStart whether it is deployed when the application starts
 */
record Declared<S extends Served>(
    String name, String platform, Class<S> type, S value, boolean deployAtStart) {}
