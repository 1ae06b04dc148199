# Databricks notebook source
print("a notebook")
